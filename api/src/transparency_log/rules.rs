//! Trees and tile paths, as RFC 6962 and C2SP tlog-tiles have them.

use tlog_tiles::{EMPTY_HASH, Hash, Tile, node_hash};

use crate::journal::TILE_WIDTH;

/// Height of a tile: two to this power is its width.
pub const TILE_HEIGHT: u8 = 8;

/// Bytes of a whole tile.
pub const TILE_BYTES: usize = HASH_BYTES << TILE_HEIGHT;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// Highest level a tree of 63 bits has.
const LEVEL_MAX: u8 = 7;

/// Tree that grows leaf by leaf and knows its root; it holds one hash for each complete subtree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Growing {
    size: u64,
    /// Complete subtrees, largest first.
    subtrees: Vec<Hash>,
}

impl Growing {
    /// Entries so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf. Two subtrees of one size become one of twice the size.
    pub fn push(&mut self, leaf_hash: [u8; 32]) {
        let mut hash = Hash(leaf_hash);
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.subtrees.pop() else { break };
            hash = node_hash(left, hash);
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// Root of what has been appended.
    pub fn root(&self) -> [u8; 32] {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(smallest) = subtrees.next() else { return EMPTY_HASH.0 };
        subtrees.fold(*smallest, |right, left| node_hash(*left, right)).0
    }
}

/// Tiles above the leaves as they follow from them, each kept until it is whole.
#[derive(Debug, Clone, Default)]
pub struct Pyramid(Vec<Unfinished>);

/// Last tile of a level.
#[derive(Debug, Clone, Default)]
struct Unfinished {
    tile: i64,
    hashes: Vec<u8>,
}

/// Tile that follows from the leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Level, 1 or more.
    pub level: u8,
    /// Position within the level.
    pub tile: i64,
    /// Hashes, at most 256 of 32 bytes.
    pub hashes: Vec<u8>,
}

impl Pyramid {
    /// Appends the next whole tile of leaves; the tiles above that have become whole by it.
    pub fn push(&mut self, leaf_tile: &[u8]) -> Vec<Derived> {
        let mut whole = Vec::new();
        let mut hash = Tile::subtree_hash(leaf_tile);
        for level in 1.. {
            if self.0.len() < usize::from(level) {
                self.0.push(Unfinished::default());
            }
            let Some(last) = self.0.get_mut(usize::from(level) - 1) else { break };
            last.hashes.extend(hash.0);
            if last.hashes.len() < TILE_BYTES {
                break;
            }
            let hashes = std::mem::take(&mut last.hashes);
            hash = Tile::subtree_hash(&hashes);
            whole.push(Derived { level, tile: last.tile, hashes });
            last.tile += 1;
        }
        whole
    }

    /// Tiles that are not whole yet, lowest first.
    pub fn unfinished(self) -> impl Iterator<Item = Derived> {
        let begun = self.0.into_iter().zip(1..).filter(|(last, _)| !last.hashes.is_empty());
        begun.map(|(Unfinished { tile, hashes }, level)| Derived { level, tile, hashes })
    }
}

/// Tile somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Hashes of a level.
    Hashes(Place),
    /// Entries themselves.
    Entries(Place),
}

/// Place and width of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Level, 0 for leaves.
    pub level: u8,
    /// Position within the level.
    pub tile: i64,
    /// Hashes asked for, 1 to 256.
    pub width: i64,
}

impl Place {
    /// Whether a tree of a size holds all of it.
    pub fn is_within(self, tree_size: i64) -> bool {
        let hashes = tree_size >> (u32::from(TILE_HEIGHT) * u32::from(self.level));
        self.tile.checked_mul(TILE_WIDTH).is_some_and(|first| first <= hashes - self.width)
    }
}

/// Path of a tile below `/log/tile/`.
pub fn path(wanted: Wanted) -> String {
    let (kind, place) = match wanted {
        Wanted::Hashes(place) => (place.level.to_string(), place),
        Wanted::Entries(place) => ("entries".to_owned(), place),
    };
    let mut groups = format!("{:03}", place.tile % 1_000);
    let mut rest = place.tile / 1_000;
    while rest > 0 {
        groups = format!("x{:03}/{groups}", rest % 1_000);
        rest /= 1_000;
    }
    let width = if place.width == TILE_WIDTH { String::new() } else { format!(".p/{}", place.width) };
    format!("{kind}/{groups}{width}")
}

/// Tile of a path below `/log/tile/`; none unless it is written as [`path`] writes it.
pub fn wanted(written: &str) -> Option<Wanted> {
    let (kind, rest) = written.split_once('/')?;
    let (groups, width) = match rest.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?),
        None => (rest, TILE_WIDTH),
    };
    let group =
        |group: &str| group.trim_start_matches('x').parse::<i64>().ok().filter(|group| (0..1_000).contains(group));
    let tile = groups.split('/').try_fold(0_i64, |tile, text| tile.checked_mul(1_000)?.checked_add(group(text)?))?;
    let found = match kind {
        "entries" => Wanted::Entries(Place { level: 0, tile, width }),
        level => Wanted::Hashes(Place { level: level.parse().ok().filter(|level| *level <= LEVEL_MAX)?, tile, width }),
    };
    (path(found) == written).then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::{
        collection::vec,
        prelude::{any, proptest},
        prop_assert_eq,
    };

    use super::*;

    fn naive_root(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => EMPTY_HASH.0,
            [leaf] => *leaf,
            leaves => {
                let left = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(left);
                node_hash(Hash(naive_root(left)), Hash(naive_root(right))).0
            }
        }
    }

    proptest! {
        #[test]
        fn root_of_a_growing_tree_is_that_of_rfc_6962(leaves in vec(any::<[u8; 32]>(), 0..200)) {
            let mut tree = Growing::default();
            for leaf in &leaves {
                tree.push(*leaf);
            }
            prop_assert_eq!(tree.root(), naive_root(&leaves));
            prop_assert_eq!(tree.size(), leaves.len() as u64);
        }
    }

    #[test]
    fn pyramid_has_the_tiles_that_follow_from_the_leaves() {
        let tile = |number: usize| -> Vec<u8> { number.to_be_bytes().repeat(TILE_BYTES / 8) };
        let (mut pyramid, mut whole) = (Pyramid::default(), Vec::new());
        for number in 0..600 {
            whole.extend(pyramid.push(&tile(number)));
        }
        let level = |tiles: std::ops::Range<usize>| -> Vec<u8> {
            tiles.flat_map(|number| Tile::subtree_hash(&tile(number)).0).collect()
        };
        let derived = |level, tile, hashes| Derived { level, tile, hashes };
        assert_eq!(whole, [derived(1, 0, level(0..256)), derived(1, 1, level(256..512))]);
        let top = [level(0..256), level(256..512)].map(|hashes| Tile::subtree_hash(&hashes).0).concat();
        let unfinished: Vec<Derived> = pyramid.unfinished().collect();
        assert_eq!(unfinished, [derived(1, 2, level(512..600)), derived(2, 0, top)]);
    }

    #[test]
    fn path_is_read_in_its_one_form_only() {
        let hashes = |level, tile, width| Some(Wanted::Hashes(Place { level, tile, width }));
        assert_eq!(wanted("0/000"), hashes(0, 0, 256));
        assert_eq!(wanted("2/x001/x234/067"), hashes(2, 1_234_067, 256));
        assert_eq!(wanted("0/005.p/17"), hashes(0, 5, 17));
        for written in ["0/000", "2/x001/x234/067", "0/005.p/17", "entries/001", "entries/x123/004.p/255"] {
            assert_eq!(wanted(written).map(path).as_deref(), Some(written));
        }
        assert_eq!(wanted("entries/001"), Some(Wanted::Entries(Place { level: 0, tile: 1, width: 256 })));
        for path in [
            "",
            "0",
            "0/",
            "0/0",
            "0/00",
            "0/0000",
            "00/000",
            "+0/000",
            "0/x000/001",
            "0/001/",
            "0//001",
            "0/x001",
            "0/001.p/0",
            "0/001.p/256",
            "0/001.p/01",
            "0/001.p/",
            "0/001.p",
            "8/000",
            "64/000",
            "-1/000",
            "data/000",
            "entries/0",
            "entries/000.p/0",
            "0/001/002",
            "0/001?",
            "0/%30%30%31",
            "0/x001/x234/x067",
            "x/000",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(wanted(path), None, "{path}");
        }
    }

    #[test]
    fn tile_is_within_a_tree_that_holds_all_its_hashes() {
        let place = |level, tile, width| Place { level, tile, width };
        assert!(place(0, 0, 256).is_within(256) && !place(0, 0, 256).is_within(255));
        assert!(place(0, 1, 1).is_within(257) && !place(0, 1, 1).is_within(256));
        assert!(place(1, 0, 2).is_within(512) && !place(1, 0, 2).is_within(511));
        assert!(!place(7, 0, 1).is_within(i64::from(u32::MAX)) && !place(0, i64::MAX, 256).is_within(i64::MAX));
    }
}
