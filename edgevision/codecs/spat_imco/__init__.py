"""SpatImco, the image codec of the Co-CRRA paper: region-wise JPEG steered by a learned importance map."""
