"""How long codecs and classifiers compute, as times on the reference machine."""
