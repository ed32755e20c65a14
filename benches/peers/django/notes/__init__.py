"""The resource."""
