"""The only package, with main.py, server.py and pages/, that imports streamlit."""
