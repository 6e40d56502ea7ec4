"""The tests and measurements of days, at other times of the day and of the year."""
