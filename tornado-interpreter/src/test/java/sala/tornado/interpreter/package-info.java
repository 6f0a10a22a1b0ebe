@NullMarked
package sala.tornado.interpreter;

import org.jspecify.annotations.NullMarked;
