//! What every part of ViorNet agrees on: the domain, the documents, who may do what, and the sync protocol.
