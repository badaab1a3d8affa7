"""A camera made of a video file, and the two ways to hold a session before it."""
