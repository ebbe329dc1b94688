"""Tests of the chart's objects, as Helm renders them."""
