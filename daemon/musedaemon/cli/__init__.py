"""The command line: options, sub-commands, and what is printed. Importing it loads no library but the standard one."""
