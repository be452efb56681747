//! A table from 64-bit keys to numbers, built once and read very often.

use std::collections::BTreeMap;

/// An open-addressed table from non-zero keys to `u32`; never grows after it was built.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    slots: Vec<(u64, u32)>,
    mask: usize,
}

impl Table {
    /// Keys must not be 0.
    pub fn new(entries: &BTreeMap<u64, u32>) -> Table {
        let size = (entries.len() * 2 + 2).next_power_of_two();
        let mut table = Table { slots: vec![(0, 0); size], mask: size - 1 };
        for (&key, &value) in entries {
            let mut at = Table::slot(key) & table.mask;
            while table.slots[at].0 != 0 {
                at = (at + 1) & table.mask;
            }
            table.slots[at] = (key, value);
        }
        table
    }

    fn slot(key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize
    }

    /// The value of a key; 0 when it is absent.
    #[inline]
    pub fn get(&self, key: u64) -> u32 {
        let mut at = Table::slot(key) & self.mask;
        loop {
            match self.slots.get(at) {
                Some(&(found, value)) if found == key => return value,
                Some(&(0, _)) | None => return 0,
                Some(_) => at = (at + 1) & self.mask,
            }
        }
    }
}
