"""What the model card says in words; the figures come from `model_card`."""

TITLE = """# The deepfake detector: MesoNet-4 and a companion

MesoNet-4 (Afchar et al., WIFS 2018) and, beside it, the lower half of MobileNetV2 (Sandler et al., CVPR 2018), trained
by `python -m training.train_deepfake`. Each answers P(bona fide) of one face, 1 being bona fide; the score that
is served is the mean of their log odds. Input of both: `image`, float32 [N, 256, 256, 3], RGB in 0..1, the
square 1.5 times the landmark box; MobileNetV2 reads its middle 224 x 224 pixels. Output: `genuine`, float32 [N, 1]."""

RECIPE = """## Recipe

- Pairs of a genuine face and its forgery, 16 to a batch; two in five are frames of clips. Both members go through
  the same capture: a face 85 to 320 px wide, blur, noise, some softened, smoothed or blurred by motion as a whole; then
  one JPEG of quality 55 to 96 (55 %), a video codec (38 %; H.264 mostly, else MPEG-4 or MPEG-2) or a GIF palette (7 %).
  Two pictures in five were compressed once before anything else, as recordings are.
- Forgeries, all simulated from one person's picture: 27 % self-blended images (Shiohara and Yamasaki, CVPR 2022);
  20 % autoencoder swaps (the face decoded at 64 to 128 px, smoothed, enlarged, blended in); 23 % aligned swaps (an
  upright square of 128 to 256 px, changed, pasted back under a soft mask, some sharpened as by face restoration);
  10 % rendered mouths; 20 % warped stills (the head bent by a motion field and decoded).
- Pairs are made once and kept as JPEG; each pass cuts them anew, as trembling landmarks would."""

CALIBRATION = """\
- Calibrated by Platt's method on the calibration identities, and folded into the last layer. The offset
  is set for {share:.0%} bona fide faces: at 0.5 a simulated forgery and a genuine face are equally likely where that
  many are genuine. Nothing below was measured on those identities."""

LIMITS = """## Limits

- It may lower a score; it must never decide alone, neither for a capture subject nor against one.
- Forgeries were simulated, in training and in the tables above. A high figure on them says little about real
  swaps; the real ones at hand are the few in the list of clips never trained on.
- What was kept out of training fares very differently from kind to kind; see the table. A kind that is at chance there
  (0.5) is not detected, whatever the other rows say.
- It looks at one face in one frame. What only shows from frame to frame is not its business.
- Faces narrower than about 85 px, strong blur and strong compression take the traces away, and make genuine
  faces look forged.
- The people of the clips are few. Rates by age, sex or skin were not measured: the data carry no such labels.
- Intervals resample identities; they say nothing about other cameras, lights or people than those at hand.

## Licence

Apache-2.0, as the project. What the networks started from is named above, and in NOTICE.
"""
