"""Still pictures as one key frame of HEVC or H.264, by PyAV."""
