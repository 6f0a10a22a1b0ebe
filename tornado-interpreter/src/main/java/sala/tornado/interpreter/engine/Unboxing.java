package sala.tornado.interpreter.engine;

import static java.lang.constant.ConstantDescs.CD_Boolean;
import static java.lang.constant.ConstantDescs.CD_Character;
import static java.lang.constant.ConstantDescs.CD_Number;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_byte;
import static java.lang.constant.ConstantDescs.CD_char;
import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_short;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/** Turns an object on the stack into a value of a parameter's type. */
final class Unboxing {
    private Unboxing() {}

    static void emit(CodeBuilder code, ClassDesc type) {
        switch (TypeKind.from(type)) {
            case REFERENCE -> code.checkcast(type);
            case BOOLEAN -> call(code, CD_Boolean, "booleanValue", CD_boolean);
            case CHAR -> call(code, CD_Character, "charValue", CD_char);
            case BYTE -> call(code, CD_Number, "byteValue", CD_byte);
            case SHORT -> call(code, CD_Number, "shortValue", CD_short);
            case INT -> call(code, CD_Number, "intValue", CD_int);
            case LONG -> call(code, CD_Number, "longValue", CD_long);
            case FLOAT -> call(code, CD_Number, "floatValue", CD_float);
            case DOUBLE -> call(code, CD_Number, "doubleValue", CD_double);
            case VOID -> throw new IllegalArgumentException("a parameter of type void");
        }
    }

    private static void call(CodeBuilder code, ClassDesc box, String method, ClassDesc type) {
        code.checkcast(box).invokevirtual(box, method, MethodTypeDesc.of(type));
    }
}
