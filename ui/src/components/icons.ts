// The drawings in use, by Lucide's names. Only these ship.
import Archive from "@lucide/svelte/icons/archive";
import ArrowLeft from "@lucide/svelte/icons/arrow-left";
import Bell from "@lucide/svelte/icons/bell";
import Bold from "@lucide/svelte/icons/bold";
import Bird from "@lucide/svelte/icons/bird";
import ChevronDown from "@lucide/svelte/icons/chevron-down";
import ChevronRight from "@lucide/svelte/icons/chevron-right";
import ChevronUp from "@lucide/svelte/icons/chevron-up";
import Check from "@lucide/svelte/icons/check";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import CircleCheck from "@lucide/svelte/icons/circle-check";
import Clock from "@lucide/svelte/icons/clock";
import Code from "@lucide/svelte/icons/code";
import Copy from "@lucide/svelte/icons/copy";
import Download from "@lucide/svelte/icons/download";
import Ellipsis from "@lucide/svelte/icons/ellipsis";
import Eye from "@lucide/svelte/icons/eye";
import EyeOff from "@lucide/svelte/icons/eye-off";
import File from "@lucide/svelte/icons/file";
import FileArchive from "@lucide/svelte/icons/file-archive";
import FileCode from "@lucide/svelte/icons/file-code";
import FileImage from "@lucide/svelte/icons/file-image";
import FilePenLine from "@lucide/svelte/icons/file-pen-line";
import FileSpreadsheet from "@lucide/svelte/icons/file-spreadsheet";
import FileMusic from "@lucide/svelte/icons/file-music";
import FilePlay from "@lucide/svelte/icons/file-play";
import FileText from "@lucide/svelte/icons/file-text";
import Folder from "@lucide/svelte/icons/folder";
import FolderInput from "@lucide/svelte/icons/folder-input";
import FolderPlus from "@lucide/svelte/icons/folder-plus";
import Forward from "@lucide/svelte/icons/forward";
import Image from "@lucide/svelte/icons/image";
import ImageOff from "@lucide/svelte/icons/image-off";
import Inbox from "@lucide/svelte/icons/inbox";
import Info from "@lucide/svelte/icons/info";
import Italic from "@lucide/svelte/icons/italic";
import KeyRound from "@lucide/svelte/icons/key-round";
import Keyboard from "@lucide/svelte/icons/keyboard";
import Layers from "@lucide/svelte/icons/layers";
import Link from "@lucide/svelte/icons/link";
import List from "@lucide/svelte/icons/list";
import ListFilter from "@lucide/svelte/icons/list-filter";
import ListOrdered from "@lucide/svelte/icons/list-ordered";
import Lock from "@lucide/svelte/icons/lock";
import Mail from "@lucide/svelte/icons/mail";
import MailOpen from "@lucide/svelte/icons/mail-open";
import Menu from "@lucide/svelte/icons/menu";
import Minus from "@lucide/svelte/icons/minus";
import OctagonAlert from "@lucide/svelte/icons/octagon-alert";
import Palette from "@lucide/svelte/icons/palette";
import Paperclip from "@lucide/svelte/icons/paperclip";
import PenLine from "@lucide/svelte/icons/pen-line";
import Plus from "@lucide/svelte/icons/plus";
import Quote from "@lucide/svelte/icons/quote";
import RefreshCw from "@lucide/svelte/icons/refresh-cw";
import Reply from "@lucide/svelte/icons/reply";
import ReplyAll from "@lucide/svelte/icons/reply-all";
import Search from "@lucide/svelte/icons/search";
import Send from "@lucide/svelte/icons/send";
import Settings from "@lucide/svelte/icons/settings";
import ShieldAlert from "@lucide/svelte/icons/shield-alert";
import ShieldCheck from "@lucide/svelte/icons/shield-check";
import ShieldQuestionMark from "@lucide/svelte/icons/shield-question-mark";
import SquarePen from "@lucide/svelte/icons/square-pen";
import Star from "@lucide/svelte/icons/star";
import TriangleAlert from "@lucide/svelte/icons/triangle-alert";
import Trash2 from "@lucide/svelte/icons/trash-2";
import Type from "@lucide/svelte/icons/type";
import Undo2 from "@lucide/svelte/icons/undo-2";
import Underline from "@lucide/svelte/icons/underline";
import User from "@lucide/svelte/icons/user";
import Users from "@lucide/svelte/icons/users";
import WifiOff from "@lucide/svelte/icons/wifi-off";
import X from "@lucide/svelte/icons/x";
import Calendar from "@lucide/svelte/icons/calendar";
import Eraser from "@lucide/svelte/icons/eraser";
import ExternalLink from "@lucide/svelte/icons/external-link";

export const icons = {
  archive: Archive,
  "arrow-left": ArrowLeft,
  bell: Bell,
  bold: Bold,
  bird: Bird,
  "chevron-down": ChevronDown,
  "chevron-right": ChevronRight,
  "chevron-up": ChevronUp,
  check: Check,
  "circle-alert": CircleAlert,
  "circle-check": CircleCheck,
  clock: Clock,
  code: Code,
  copy: Copy,
  download: Download,
  ellipsis: Ellipsis,
  eye: Eye,
  "eye-off": EyeOff,
  file: File,
  "file-archive": FileArchive,
  "file-code": FileCode,
  "file-image": FileImage,
  "file-pen-line": FilePenLine,
  "file-spreadsheet": FileSpreadsheet,
  "file-music": FileMusic,
  "file-play": FilePlay,
  "file-text": FileText,
  folder: Folder,
  "folder-input": FolderInput,
  "folder-plus": FolderPlus,
  forward: Forward,
  image: Image,
  "image-off": ImageOff,
  inbox: Inbox,
  info: Info,
  italic: Italic,
  "key-round": KeyRound,
  keyboard: Keyboard,
  layers: Layers,
  link: Link,
  list: List,
  "list-filter": ListFilter,
  "list-ordered": ListOrdered,
  lock: Lock,
  mail: Mail,
  "mail-open": MailOpen,
  menu: Menu,
  minus: Minus,
  "octagon-alert": OctagonAlert,
  palette: Palette,
  paperclip: Paperclip,
  "pen-line": PenLine,
  plus: Plus,
  quote: Quote,
  "refresh-cw": RefreshCw,
  reply: Reply,
  "reply-all": ReplyAll,
  search: Search,
  send: Send,
  settings: Settings,
  "shield-alert": ShieldAlert,
  "shield-check": ShieldCheck,
  "shield-question-mark": ShieldQuestionMark,
  "square-pen": SquarePen,
  star: Star,
  "triangle-alert": TriangleAlert,
  "trash-2": Trash2,
  type: Type,
  "undo-2": Undo2,
  underline: Underline,
  user: User,
  users: Users,
  "wifi-off": WifiOff,
  x: X,
  calendar: Calendar,
  eraser: Eraser,
  "external-link": ExternalLink,
};

export type IconName = keyof typeof icons;
