"""What is written to files: workbooks, tables, figures, and the software that made them."""
