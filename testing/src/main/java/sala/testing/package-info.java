/** What the tests of all modules share: golden data, comparison with a tolerance table, random and guarded arrays. */
@NullMarked
package sala.testing;

import org.jspecify.annotations.NullMarked;
