"""mcapp up: values, Helm, a test, and where the page is."""
