class Skip(Exception): pass
