"""What people get to read: plans, tables, workbooks, the proof sheet."""
