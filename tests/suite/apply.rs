//! Trained networks on maps: constant maps stay constant, borders and blanks are kept, real maps come out whole.
