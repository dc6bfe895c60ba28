"""What looks into files. Runs as a child process with little memory and time, and without a network (trust §2.3)."""
