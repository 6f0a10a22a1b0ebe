/**
 * Ground truth: one operation a class, sequential, in double precision, written for reading. Every faster version is
 * tested against these; they share no code with it.
 */
@NullMarked
package sala.kernels.reference;

import org.jspecify.annotations.NullMarked;
