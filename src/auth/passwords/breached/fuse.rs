//! A binary fuse filter (Graf and Lemire 2022, arXiv 2201.01174): whether a key is in a set, in 13.6 bits per key of a
//! large set. It knows every key of the set, and takes one in 4,096 others for one of them.
//!
//! Each key has three slots, in three neighbouring segments, whose values XOR to the key's fingerprint. A fingerprint
//! has 12 bits: with 11 the file would be a twelfth smaller and false alarms twice as frequent, with 16 a third larger.

/// The bits of a fingerprint: two of them take three bytes.
const BITS: u32 = 12;

/// The values that a fingerprint can have.
const MASK: u16 = (1 << BITS) - 1;

/// The most keys that one filter is built from, so that building it takes at most 100 MB.
pub(super) const MOST_KEYS: usize = 1 << 21;

/// The most segments of a filter; the largest has 144.
const MOST_SEGMENTS: u32 = 1 << 12;

/// How many seeds are tried. Each fails for fewer than one set of keys in a hundred.
const SEEDS: u64 = 100;

/// How the slots are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The binary logarithm of the number of slots in a segment.
    exponent: u32,
    /// How many segments a key's first slot may be in. There are two more for the other slots.
    segments: u32,
}

impl Shape {
    /// The shape for `keys` keys, by the paper's formulas for three slots per key.
    fn of(keys: usize) -> Self {
        // Fewer take the room of this many.
        let keys = f64::from(u32::try_from(keys).unwrap_or(u32::MAX).max(16));
        let fits = |exponent: &u32| 3.33_f64.powf(f64::from(*exponent) - 2.25) <= keys;
        let exponent = (4..=18).rev().find(fits).unwrap_or(4);
        let wanted = keys * (0.875 + 0.25 * 1e6_f64.ln() / keys.ln()).max(1.125);
        let enough = |segments: &u32| f64::from(*segments + 2) * f64::from(1_u32 << exponent) >= wanted;
        Self { exponent, segments: (1..=MOST_SEGMENTS).find(enough).unwrap_or(MOST_SEGMENTS) }
    }

    /// A shape that was read from a file; `None` if no filter has it.
    pub(super) fn read(exponent: u32, segments: u32) -> Option<Self> {
        ((4..=18).contains(&exponent) && (1..=MOST_SEGMENTS).contains(&segments)).then_some(Self { exponent, segments })
    }

    /// The numbers that [`Self::read`] takes.
    pub(super) fn numbers(self) -> (u32, u32) {
        (self.exponent, self.segments)
    }

    fn slots(self) -> usize {
        (self.segments as usize + 2) << self.exponent
    }

    /// How many bytes the packed slots take.
    pub(super) fn bytes(self) -> usize {
        self.slots() / 2 * 3
    }

    /// The three slots of the key with this hash, which differ.
    #[expect(clippy::cast_possible_truncation, reason = "there are at most 2^30 slots")]
    fn positions(self, hash: u64) -> [usize; 3] {
        let (length, all) = (1 << self.exponent, u64::from(self.segments) << self.exponent);
        let first = ((u128::from(hash) * u128::from(all)) >> 64) as u64;
        let within = length - 1;
        [first, (first + length) ^ ((hash >> 18) & within), (first + 2 * length) ^ (hash & within)]
            .map(|slot| slot as usize)
    }
}

/// A filter.
#[derive(Debug)]
pub(super) struct Fuse {
    shape: Shape,
    seed: u64,
    packed: Vec<u8>,
}

impl Fuse {
    /// Builds the filter of `keys`, which are at most [`MOST_KEYS`], and all different. `None` if they are not.
    pub(super) fn of(keys: &[u64]) -> Option<Self> {
        if keys.len() > MOST_KEYS {
            return None;
        }
        let shape = Shape::of(keys.len());
        (1..=SEEDS).find_map(|seed| Some(Self { shape, seed, packed: packed(&values(keys, shape, seed)?) }))
    }

    /// The filter that [`Self::of`] built, from its parts.
    pub(super) fn read(shape: Shape, seed: u64, packed: Vec<u8>) -> Option<Self> {
        (packed.len() == shape.bytes()).then_some(Self { shape, seed, packed })
    }

    /// Its shape, its seed and its packed slots.
    pub(super) fn parts(&self) -> (Shape, u64, &[u8]) {
        (self.shape, self.seed, &self.packed)
    }

    /// Whether `key` is one of the keys, or one in 4,096 others.
    pub(super) fn contains(&self, key: u64) -> bool {
        let hash = mixed(key, self.seed);
        let values = self.shape.positions(hash).map(|slot| self.value(slot));
        values[0] ^ values[1] ^ values[2] == fingerprint(hash)
    }

    fn value(&self, slot: usize) -> u16 {
        let at = slot / 2 * 3;
        let Some(&[low, middle, high]) = self.packed.get(at..at + 3) else { return 0 };
        if slot.is_multiple_of(2) {
            u16::from_le_bytes([low, middle]) & MASK
        } else {
            u16::from_le_bytes([middle, high]) >> 4
        }
    }
}

/// Two values in three bytes.
fn packed(values: &[u16]) -> Vec<u8> {
    let pairs = values.chunks_exact(2);
    pairs
        .flat_map(|pair| (u32::from(pair[0]) | (u32::from(pair[1]) << BITS)).to_le_bytes().into_iter().take(3))
        .collect()
}

/// The values of all slots; `None` if they cannot be found with this seed.
///
/// A slot that belongs to a single key is set aside with that key, which leaves other slots to a single key, and so on
/// until no key is left. In the opposite order, each slot that was set aside can be given the value that its key needs.
fn values(keys: &[u64], shape: Shape, seed: u64) -> Option<Vec<u16>> {
    let mut of_slot = vec![(0_u32, 0_u64); shape.slots()];
    for key in keys {
        let hash = mixed(*key, seed);
        for slot in shape.positions(hash) {
            let (count, hashes) = &mut of_slot[slot];
            *count += 1;
            *hashes ^= hash;
        }
    }
    let mut single: Vec<usize> = (0..of_slot.len()).filter(|slot| of_slot[*slot].0 == 1).collect();
    let mut aside = Vec::with_capacity(keys.len());
    while let Some(slot) = single.pop() {
        let (1, hash) = of_slot[slot] else { continue };
        aside.push((slot, hash));
        for slot in shape.positions(hash) {
            let (count, hashes) = &mut of_slot[slot];
            *count -= 1;
            *hashes ^= hash;
            if *count == 1 {
                single.push(slot);
            }
        }
    }
    if aside.len() < keys.len() {
        return None;
    }
    let mut values = vec![0_u16; of_slot.len()];
    for (slot, hash) in aside.into_iter().rev() {
        // Its own value is still 0.
        values[slot] = shape.positions(hash).iter().fold(fingerprint(hash), |value, slot| value ^ values[*slot]);
    }
    Some(values)
}

/// The finalizer of `MurmurHash3`: every bit depends on all bits of the key and the seed.
fn mixed(key: u64, seed: u64) -> u64 {
    let mut hash = key.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}

/// Other bits than those that choose the slots.
fn fingerprint(hash: u64) -> u16 {
    (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - BITS)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Different keys without a pattern.
    fn keys(count: u64, first: u64) -> Vec<u64> {
        (first..first + count).map(|number| mixed(number, 0)).collect()
    }

    #[test]
    fn every_key_is_known_and_one_other_in_four_thousand_is_taken_for_one() {
        let known = keys(100_000, 0);
        let filter = Fuse::of(&known).unwrap();
        assert!(known.iter().all(|key| filter.contains(*key)));
        let others = 2_000_000;
        let taken = keys(others, 1 << 40).iter().filter(|key| filter.contains(**key)).count();
        // 488 are expected; 600 is five standard deviations more. Below 0.1 % are 2000.
        assert!((376..600).contains(&taken), "{taken} of {others}");
        let bits = filter.packed.len() * 8 / (known.len() / 100);
        assert!(bits < 1_480, "{bits} bits for 100 keys");
    }

    #[test]
    fn there_are_filters_of_all_sizes() {
        for count in (0..=300).chain([1_000, 4_095, 4_096, 30_000]) {
            let known = keys(count, 7);
            let filter = Fuse::of(&known).unwrap();
            assert!(known.iter().all(|key| filter.contains(*key)), "{count}");
            let (shape, seed, packed) = filter.parts();
            let (exponent, segments) = shape.numbers();
            let again = Fuse::read(Shape::read(exponent, segments).unwrap(), seed, packed.to_vec()).unwrap();
            assert!(known.iter().all(|key| again.contains(*key)), "{count}");
        }
    }

    #[test]
    fn keys_that_are_near_each_other_are_as_good_as_any() {
        let known: Vec<u64> = (0..50_000).collect();
        let filter = Fuse::of(&known).unwrap();
        assert!(known.iter().all(|key| filter.contains(*key)));
        let taken = (50_000..1_050_000).filter(|key| filter.contains(*key)).count();
        assert!(taken < 1_000, "{taken}");
    }

    #[test]
    fn a_key_that_comes_twice_has_no_filter() {
        assert!(Fuse::of(&[1, 2, 3, 2]).is_none());
    }

    #[test]
    fn what_no_filter_has_is_not_read() {
        let filter = Fuse::of(&keys(100, 0)).unwrap();
        let (shape, seed, packed) = filter.parts();
        assert!(Fuse::read(shape, seed, packed[1..].to_vec()).is_none());
        for (exponent, segments) in [(3, 1), (19, 1), (10, 0), (10, 5_000), (u32::MAX, u32::MAX)] {
            assert!(Shape::read(exponent, segments).is_none(), "{exponent} {segments}");
        }
    }
}
