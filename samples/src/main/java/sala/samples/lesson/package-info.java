/** What the cells of lessons use beside the engine itself: the embedded model, pictures, checks. */
@NullMarked
package sala.samples.lesson;

import org.jspecify.annotations.NullMarked;
