"""What the model card says in words; the figures come from `model_card`."""

TITLE = """# The deepfake detector: MesoNet-4 and a companion

MesoNet-4 (Afchar et al., WIFS 2018) and, beside it, the lower half of MobileNetV2 (Sandler et al., CVPR 2018), trained
by `python -m training.train_deepfake`. Each answers P(bona fide) of one face, 1 being bona fide; the score that
is served is the mean of their log odds. Input of both: `image`, float32 [N, 256, 256, 3], RGB in 0..1, the
square 1.5 times the landmark box; MobileNetV2 reads its middle 224 x 224 pixels. Output: `genuine`, float32 [N, 1]."""

RECIPE = """## Recipe

- Pairs of a genuine face and its forgery, 16 to a batch. Both members go through the same capture: a face 85 to 320 px
  wide, blur, noise, some softened, smoothed or blurred by motion as a whole; then one JPEG of quality 55 to 96 (55 %),
  a video codec (38 %; H.264 mostly, else MPEG-4 or MPEG-2) or a GIF palette (7 %). Two pictures in five were compressed
  once before anything else, as recordings are. Where a network below saw less than this, its line says so.
- Forgeries, all simulated: 30 % self-blended images (Shiohara and Yamasaki, CVPR 2022); 18 % autoencoder swaps (the
  face decoded at 64 to 128 px, smoothed, enlarged, blended in); 18 % aligned swaps (an upright square of 128 to 256 px,
  changed, pasted back under a soft mask, some sharpened as by face restoration); 6 % rendered mouths; 8 % warped stills
  (the head bent by a motion field and decoded); 20 % graphics swaps (another person's face warped onto the landmarks,
  colour-matched, feathered). Three in five of the autoencoder and aligned swaps take another person's face too, the
  most alike in shape of sixteen. The tables below were measured on these."""

CALIBRATION = """\
- Calibrated by Platt's method on the calibration identities, and folded into the last layer. The offset
  is set for {share:.0%} bona fide faces: at 0.5 a simulated forgery and a genuine face are equally likely where that
  many are genuine. Nothing below was measured on those identities."""

TRIED = """## What was tried and not shipped

- The last two layers of MesoNet-4 alone, trained anew on 2,688 pairs of this recipe (twelve epochs planned, ended after
  three): AUC on 128 pairs of the calibration identities 0.808 before, 0.796, 0.793 and 0.794 after. Of the network that
  was shipped before, fine-tuned from the authors' weights: 0.769 before, 0.793, 0.790 and 0.777 after, which is below
  the other all the same. So the layers stayed as they were.
- All layers trained anew on this recipe: not done. The machine was shared by many, and a step cost five times what it
  costs alone. No network shipped has therefore seen a graphics swap or another person's face in training.
- The pair shipped before had a MesoNet-4 fine-tuned from the authors' weights on every kind that its companion saw. It
  is better on those kinds, on the swaps by a trained autoencoder pair, and on one dark, blurred clip (`fomm_04.mp4`);
  the present pair is better on self-blended images, on graphics and Poisson-blended swaps, and on the published
  forgeries. The last weighed most: they are real, and of no kind that anyone here made. They are five files: a small
  ground for a choice, and having served it they are no independent measure of it any more."""

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
