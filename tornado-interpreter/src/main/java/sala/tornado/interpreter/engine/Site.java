package sala.tornado.interpreter.engine;

/**
 * A place in a kernel that touches memory or waits.
 *
 * @param method the method, with its class
 * @param line its line, or 0
 * @param what the name of the array, or of the operation
 */
record Site(String method, int line, String what) {
    /** As messages say where it is. */
    String place() {
        return line == 0 ? method : method + " line " + line;
    }
}
