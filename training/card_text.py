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

TRIED = """## How this pair was chosen, and what was tried

- The pair shipped before had the same MesoNet-4, and a companion that had seen neither graphics swaps nor other
  people's faces. The companion was trained anew on this recipe, from ImageNet's weights; its training ended by the
  clock (65 minutes on a busy machine), after 35,888 of 38,400 pairs, so the same command on another machine gives
  other weights. It is better on eight of the nine kinds above and on the bona fide clips, and a little worse on
  warped stills. By kinds and people kept out it was chosen, not by the published forgeries, which both pairs rank
  alike.
- The authors' column was measured by the run before this one, on the same pictures: those of MesoNet-4 came out the
  same to the last digit, but for the swaps by an autoencoder pair, which each run trains itself (MesoNet-4 0.925
  there).
- MesoNet-4 trained anew on this recipe, from its authors' weights: begun twice and given up; a step of 16 pairs took
  2.7 s of processor time, and 1,280 pairs in 7 minutes were too few to tell (AUC 0.70 on the calibration identities).
- The last two layers of MesoNet-4 alone, on 2,688 pairs: 0.808 before, 0.794 after, on 128 pairs of the calibration
  identities.
- MesoNet-4 fine-tuned from the authors' weights on an earlier recipe, shipped two versions before: better on the
  kinds that it saw, worse on all others."""

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
