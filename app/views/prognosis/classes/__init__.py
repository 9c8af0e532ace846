"""WHO 2022 against ICC 2022."""
