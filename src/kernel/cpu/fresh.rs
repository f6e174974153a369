//! Memory for results.

/// Where asking for huge pages begins to pay.
#[cfg(target_os = "linux")]
const LARGE: usize = 4 << 20;

/// An empty vector with room for `length` elements.
///
/// Fresh memory costs more than computing what goes into it: the system hands it out, cleared, a
/// page of 4 KiB at a time. For a large result it is asked for huge pages instead, where it has them.
pub(super) fn with_room<E>(length: usize) -> Vec<E> {
    let vector = Vec::with_capacity(length);
    #[cfg(target_os = "linux")]
    prefer_huge_pages(&vector);
    vector
}

/// That many zeros.
pub(super) fn zeros<E: Copy + Default>(length: usize) -> Vec<E> {
    // The system hands out cleared memory, so this touches none of it yet.
    let vector = vec![E::default(); length];
    #[cfg(target_os = "linux")]
    prefer_huge_pages(&vector);
    vector
}

#[cfg(target_os = "linux")]
fn prefer_huge_pages<E>(vector: &Vec<E>) {
    const PAGE: usize = 4096;
    let bytes = vector.capacity() * size_of::<E>();
    if bytes < LARGE {
        return;
    }
    let start = (vector.as_ptr() as usize).next_multiple_of(PAGE);
    let end = (vector.as_ptr() as usize + bytes) / PAGE * PAGE;
    // SAFETY: the range lies within memory the vector owns, and the advice changes no contents. A
    // system that cannot follow it says so, which changes nothing either.
    unsafe {
        libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE);
    }
}
