"""Live models of Keras: their graph is walked as Keras keeps it."""
