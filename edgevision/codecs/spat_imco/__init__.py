"""SpatImco, the image codec of the Co-CRRA paper: region-wise JPEG controlled by a learned importance map."""
