//! Random lives, told to the service in several orders with repetitions, against a model written
//! from the documents.

mod found;
