"""Calls as they happened, their counts by the hour and the day, and who paid for each."""
