"""One file for each layer or kind of fault."""
