"""Officers trace the contacts of a case: open an inquiry, check its chain, confirm it."""
