package sala.tornado.interpreter.engine;

import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.StackMapFrameInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.ObjectVerificationTypeInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.SimpleVerificationTypeInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.UninitializedVerificationTypeInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.VerificationTypeInfo;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Follows the types of local variables and of the operand stack through a static method. At join points the class
 * file's own frames say them, so one pass over the code suffices; a second one knows which variables hold private arrays
 * only.
 */
final class FrameAnalysis {
    private final MethodTypeDesc type;
    private final List<CodeElement> elements;
    private final Map<Label, StackMapFrameInfo> joins = new HashMap<>();
    private final BitSet stored = new BitSet();
    private final BitSet storedFromElsewhere = new BitSet();
    private final BitSet storedPrivateArray = new BitSet();
    private final List<@Nullable Frame> frames = new ArrayList<>();
    private List<ValueType> locals = new ArrayList<>();
    private List<ValueType> stack = new ArrayList<>();
    private boolean reachable = true;

    FrameAnalysis(MethodTypeDesc type, CodeModel code) {
        this.type = type;
        this.elements = code.elementList();
        code.findAttribute(Attributes.stackMapTable())
                .ifPresent(table -> table.entries().forEach(entry -> joins.put(entry.target(), entry)));
        pass();
        pass();
    }

    /** The frame before each element; null where it cannot be reached. */
    List<@Nullable Frame> frames() {
        return frames;
    }

    /** Whether a parameter's variable never gets another value. */
    boolean isNeverStored(int slot) {
        return !stored.get(slot);
    }

    private void pass() {
        frames.clear();
        locals = new ArrayList<>();
        stack = new ArrayList<>();
        reachable = true;
        for (ClassDesc parameter : type.parameterList()) {
            addLocal(locals, ValueType.ofDescriptor(parameter));
        }
        for (CodeElement element : elements) {
            StackMapFrameInfo join = element instanceof LabelTarget target ? joins.get(target.label()) : null;
            if (join != null) {
                locals = expand(join.locals());
                stack = new ArrayList<>(
                        join.stack().stream().map(FrameAnalysis::value).toList());
                reachable = true;
            }
            frames.add(reachable ? new Frame(List.copyOf(locals), List.copyOf(stack)) : null);
            if (reachable) {
                step(element);
            }
        }
    }

    private static List<ValueType> expand(List<VerificationTypeInfo> types) {
        List<ValueType> expanded = new ArrayList<>();
        for (VerificationTypeInfo info : types) {
            addLocal(expanded, value(info));
        }
        return expanded;
    }

    private static void addLocal(List<ValueType> locals, ValueType value) {
        locals.add(value);
        if (value.kind().slotSize() == 2) {
            locals.add(ValueType.UNUSABLE);
        }
    }

    private static ValueType value(VerificationTypeInfo info) {
        return switch (info) {
            case SimpleVerificationTypeInfo simple ->
                switch (simple) {
                    case TOP, UNINITIALIZED_THIS -> ValueType.UNUSABLE;
                    case INTEGER -> ValueType.INT;
                    case FLOAT -> ValueType.FLOAT;
                    case LONG -> ValueType.LONG;
                    case DOUBLE -> ValueType.DOUBLE;
                    case NULL -> ValueType.NULL;
                };
            case ObjectVerificationTypeInfo object -> ValueType.reference(object.classSymbol());
            case UninitializedVerificationTypeInfo _ -> ValueType.UNUSABLE;
        };
    }

    private void push(ValueType value) {
        if (value.usable()) {
            stack.add(value);
        }
    }

    private ValueType pop() {
        return stack.remove(stack.size() - 1);
    }

    private void pop(int count) {
        for (int i = 0; i < count; i++) {
            pop();
        }
    }

    private void step(CodeElement element) {
        switch (element) {
            case LoadInstruction load -> push(loaded(load.typeKind(), load.slot()));
            case StoreInstruction store -> store(store.slot(), pop());
            case IncrementInstruction increment -> stored.set(increment.slot());
            case ConstantInstruction constant -> push(constant(constant));
            case OperatorInstruction operator -> operator(operator.opcode(), operator.typeKind());
            case ConvertInstruction convert -> {
                pop();
                push(ValueType.ofKind(convert.toType()));
            }
            case StackInstruction instruction -> stackInstruction(instruction.opcode());
            case FieldInstruction field -> field(field);
            case InvokeInstruction invoke -> {
                pop(invoke.typeSymbol().parameterCount());
                if (invoke.opcode() != Opcode.INVOKESTATIC) {
                    finish(pop());
                }
                push(ValueType.ofDescriptor(invoke.typeSymbol().returnType()));
            }
            case InvokeDynamicInstruction invoke -> {
                pop(invoke.typeSymbol().parameterCount());
                push(ValueType.ofDescriptor(invoke.typeSymbol().returnType()));
            }
            case ArrayLoadInstruction load -> {
                pop();
                ValueType array = pop();
                boolean ofReferences = load.typeKind() == TypeKind.REFERENCE && !array.isNull();
                push(
                        ofReferences
                                ? ValueType.reference(array.type().componentType())
                                : ValueType.ofKind(load.typeKind()));
            }
            case ArrayStoreInstruction _ -> pop(3);
            case NewPrimitiveArrayInstruction array -> {
                pop();
                push(ValueType.newArray(array.typeKind().upperBound().arrayType()));
            }
            case NewReferenceArrayInstruction array -> {
                pop();
                push(ValueType.newArray(array.componentType().asSymbol().arrayType()));
            }
            case NewMultiArrayInstruction array -> {
                pop(array.dimensions());
                push(ValueType.reference(array.arrayType().asSymbol()));
            }
            case NewObjectInstruction object ->
                push(ValueType.unfinished(object.className().asSymbol()));
            case TypeCheckInstruction check -> {
                pop();
                push(
                        check.opcode() == Opcode.CHECKCAST
                                ? ValueType.reference(check.type().asSymbol())
                                : ValueType.INT);
            }
            case BranchInstruction branch -> {
                pop(operands(branch.opcode()));
                reachable = branch.opcode() != Opcode.GOTO && branch.opcode() != Opcode.GOTO_W;
            }
            case TableSwitchInstruction _, LookupSwitchInstruction _, ThrowInstruction _ -> {
                pop();
                reachable = false;
            }
            case ReturnInstruction _ -> reachable = false;
            case MonitorInstruction _ -> pop();
            default -> {}
        }
    }

    /** After a constructor's call the copies of the object may be used. */
    private void finish(ValueType receiver) {
        if (receiver.isUnfinished()) {
            stack.replaceAll(value -> value.isUnfinished() ? ValueType.reference(value.type()) : value);
        }
    }

    private ValueType loaded(TypeKind kind, int slot) {
        ValueType value = slot < locals.size() ? locals.get(slot) : ValueType.UNUSABLE;
        if (kind != TypeKind.REFERENCE) {
            return ValueType.ofKind(kind).loadedFrom(slot, -1, false);
        }
        boolean isPrivate = storedPrivateArray.get(slot) && !storedFromElsewhere.get(slot);
        return value.loadedFrom(slot, stored.get(slot) ? -1 : parameterAt(slot), isPrivate);
    }

    private int parameterAt(int slot) {
        int parameterSlot = 0;
        for (int i = 0; i < type.parameterCount(); i++) {
            if (parameterSlot == slot) {
                return i;
            }
            parameterSlot += TypeKind.from(type.parameterType(i)).slotSize();
        }
        return -1;
    }

    private void store(int slot, ValueType value) {
        stored.set(slot);
        if (value.kind() == TypeKind.REFERENCE && !value.isNull()) {
            boolean fresh = value.privateArray() && value.slot() < 0;
            (fresh ? storedPrivateArray : storedFromElsewhere).set(slot);
        }
        while (locals.size() < slot + value.kind().slotSize()) {
            locals.add(ValueType.UNUSABLE);
        }
        if (slot > 0 && locals.get(slot - 1).kind().slotSize() == 2) {
            locals.set(slot - 1, ValueType.UNUSABLE);
        }
        locals.set(slot, value);
        if (value.kind().slotSize() == 2) {
            locals.set(slot + 1, ValueType.UNUSABLE);
        }
    }

    private static ValueType constant(ConstantInstruction constant) {
        if (constant.typeKind() != TypeKind.REFERENCE) {
            return ValueType.ofKind(constant.typeKind());
        }
        return constant.opcode() == Opcode.ACONST_NULL
                ? ValueType.NULL
                : ValueType.reference(ClassDesc.of(
                        constant.constantValue() instanceof String ? "java.lang.String" : "java.lang.Object"));
    }

    private void operator(Opcode opcode, TypeKind kind) {
        switch (opcode) {
            case INEG, LNEG, FNEG, DNEG -> {}
            case ARRAYLENGTH -> {
                pop();
                push(ValueType.INT);
            }
            case LCMP, FCMPL, FCMPG, DCMPL, DCMPG -> {
                pop(2);
                push(ValueType.INT);
            }
            default -> {
                pop(2);
                push(ValueType.ofKind(kind));
            }
        }
    }

    private void field(FieldInstruction field) {
        ValueType value = ValueType.ofDescriptor(field.typeSymbol());
        switch (field.opcode()) {
            case GETSTATIC -> push(value);
            case PUTSTATIC -> pop();
            case GETFIELD -> {
                pop();
                push(value);
            }
            default -> pop(2);
        }
    }

    private static int operands(Opcode opcode) {
        return switch (opcode) {
            case GOTO, GOTO_W -> 0;
            case IF_ICMPEQ, IF_ICMPNE, IF_ICMPLT, IF_ICMPGE, IF_ICMPGT, IF_ICMPLE, IF_ACMPEQ, IF_ACMPNE -> 2;
            default -> 1;
        };
    }

    /** Moves values by their sizes in slots, as the instructions are defined. */
    private void stackInstruction(Opcode opcode) {
        int size = switch (opcode) {
            case POP, DUP, DUP_X1, DUP_X2, SWAP -> 1;
            default -> 2;
        };
        Deque<ValueType> top = take(size);
        int below = switch (opcode) {
            case DUP_X1, DUP2_X1, SWAP -> 1;
            case DUP_X2, DUP2_X2 -> 2;
            default -> 0;
        };
        Deque<ValueType> under = take(below);
        switch (opcode) {
            case POP, POP2 -> {}
            case SWAP -> {
                stack.addAll(top);
                stack.addAll(under);
            }
            default -> {
                stack.addAll(top);
                stack.addAll(under);
                stack.addAll(top);
            }
        }
    }

    private Deque<ValueType> take(int slots) {
        Deque<ValueType> taken = new ArrayDeque<>();
        int remaining = slots;
        while (remaining > 0) {
            ValueType value = pop();
            taken.addFirst(value);
            remaining -= value.kind().slotSize();
        }
        return taken;
    }
}
