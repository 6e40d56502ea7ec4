"""Officers change the telephone of somebody at their desk who has lost the old one."""
