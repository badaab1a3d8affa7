"""Measuring the detection over labelled clips: error rates as ISO/IEC 30107-3 asks, through the live code.

Pixels are analysed once a clip and kept as observations; sessions are then played from those, so that
another threshold or another draw of challenges costs seconds. Nothing here knows Django.
"""
