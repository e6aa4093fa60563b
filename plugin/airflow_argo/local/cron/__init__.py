"""CronWorkflows: when they are due, what they start, and what becomes of their children."""
