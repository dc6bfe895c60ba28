"""One module per part of the contract; each holds routes and their shapes, and no rules."""
