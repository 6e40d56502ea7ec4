"""What is kept about a person: shown, taken along, erased (docs/reference/retention.md)."""
