/** Library use, one thing a class: each is a program of about twenty lines that takes the folder of a model. */
@NullMarked
package sala.samples;

import org.jspecify.annotations.NullMarked;
