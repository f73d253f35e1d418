"""The page that inspects files in a browser: what its worker calls, and a server for its folder."""
