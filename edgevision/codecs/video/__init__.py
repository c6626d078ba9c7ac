"""Video clips: where they come from, made or decoded, and conventional codecs to be measured against."""
