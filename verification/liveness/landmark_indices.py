"""Index sets into MediaPipe Face Landmarker's 478 points."""

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]


def _parse(numbers: str) -> Indices:
    return np.array([int(number) for number in numbers.split()], dtype=np.intp)


FACE_MESH: Indices = np.arange(468)
LIPS = _parse(
    """
    0 13 14 17 37 39 40 61 78 80 81 82 84 87 88 91 95 146 178 181 185 191 267 269 270 291 308 310 311 312
    314 317 318 321 324 375 402 405 409 415
    """
)
# What stays in place on the skull whatever the face does: neither lips, eyelids, brows nor jaw, nor what
# the jaw pulls at.
RIGID_FACE = _parse(
    """
    1 2 3 4 5 6 8 9 10 19 20 21 22 23 24 25 26 27 28 29 30 31 33 34 35 36 44 45 47 48 49 50 51 54 56 59 60
    64 67 68 69 71 75 79 92 93 94 97 98 99 100 101 102 103 104 108 109 110 111 112 113 114 115 116 117 118
    119 120 121 122 123 124 125 126 127 128 129 130 131 132 133 134 137 139 141 142 143 147 151 156 162 164
    165 166 167 168 174 177 187 188 189 190 193 195 196 197 198 203 205 206 207 209 216 217 218 219 220 221
    222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 247 248
    250 251 252 253 254 255 256 257 258 259 260 261 263 264 265 266 274 275 277 278 279 280 281 284 286 289
    290 294 297 298 299 301 305 309 322 323 326 327 328 329 330 331 332 333 337 338 339 340 341 342 343 344
    345 346 347 348 349 350 351 352 353 354 355 356 357 358 359 360 361 362 363 366 368 370 371 372 376 383
    389 391 392 393 399 401 411 412 413 414 417 419 420 423 425 426 427 429 436 437 438 439 440 441 442 443
    444 445 446 447 448 449 450 451 452 453 454 455 456 457 458 459 460 461 462 463 464 465 467
    """
)
# What stands out of a face most, and what lies deepest in it, of the rigid points.
NOSE_TIP = _parse("1 4 5 44 45 274 275")
INNER_EYE_CORNERS = _parse("133 243 362 463")
RIGHT_EYE_CORNERS = _parse("33 133")
LEFT_EYE_CORNERS = _parse("362 263")
# Corners and middles of what moves in a face, and the outline: enough to tell two moments apart.
SHAPE_POINTS = _parse(
    "0 1 4 10 13 14 17 33 50 61 66 105 133 145 152 159 168 234 263 280 291 296 334 362 374 386 454"
)
