"""Run tests and measurements that depend on days at other times of the day and year."""
