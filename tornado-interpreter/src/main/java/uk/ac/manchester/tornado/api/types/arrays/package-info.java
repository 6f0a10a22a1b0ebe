/** Arrays outside the Java heap, as kernels read and write them. */
@NullMarked
package uk.ac.manchester.tornado.api.types.arrays;

import org.jspecify.annotations.NullMarked;
