"""What a run leaves for people and programs: findings told in full, pages, records, captures."""
