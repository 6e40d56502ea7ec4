"""Pages for managers of venues: their venues, devices and scans."""
