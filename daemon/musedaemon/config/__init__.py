"""Settings: what there is to set (`schema`), and how it is read from files and the command line (`loading`)."""
