"""How a constraint is declared, evaluated and documented, and how a family of DPUs is found."""
