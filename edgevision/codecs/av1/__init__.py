"""Still pictures in AV1: ordinary AVIF files, and their payload without the file around it."""
