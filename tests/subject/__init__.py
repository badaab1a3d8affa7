"""A simulated capture subject, for machines that have no clips of living people.

`subject` renders it, in three dimensions or as a flat photo; `performance` moves it through an action;
`camera_file` encodes what the camera saw. It is a re-enactment attack by nature: see `subject`.
"""
