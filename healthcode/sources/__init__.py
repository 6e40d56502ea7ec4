"""What source systems report: evidence, and where people were."""
